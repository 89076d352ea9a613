package docsite

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of a search.
const (
	maxQuery   = 200 // bytes
	maxWords   = 8   // of the query
	maxResults = 30
	maxSnippet = 240 // bytes
)

// index finds sections by words. Words are letters and digits, in lower case.
type index struct {
	sections []indexed
	words    []string // sorted, so that those with one beginning are together
	places   map[string][]place
}

type indexed struct {
	page *page
	section
	lower string // heading and text
}

// place is a section that has a word.
type place struct {
	section int
	weight  float64 // how often, where a heading counts more
}

// What a word counts in a title, a heading, and the text.
const (
	inTitle   = 5
	inHeading = 8
	inText    = 1
)

func newIndex(pages []*page) *index {
	x := &index{places: map[string][]place{}}
	for _, p := range pages {
		for i, s := range p.made().sections {
			at := len(x.sections)
			x.sections = append(x.sections, indexed{p, s, strings.ToLower(s.heading + " " + s.text)})
			weights := map[string]float64{}
			for _, word := range wordsOf(s.text) {
				weights[word] += inText
			}
			for _, word := range wordsOf(s.heading) {
				weights[word] += inHeading
			}
			for _, word := range wordsOf(p.title) {
				if i == 0 { // where the page begins
					weights[word] += inTitle
				}
				weights[word] += inText
			}
			for word, weight := range weights {
				x.places[word] = append(x.places[word], place{at, weight})
			}
		}
	}
	for word := range x.places {
		x.words = append(x.words, word)
	}
	slices.Sort(x.words)
	return x
}

func wordsOf(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

func cutQuery(query string) string {
	query = strings.Join(strings.Fields(strings.ToValidUTF8(query, "")), " ")
	for len(query) > maxQuery {
		_, size := utf8.DecodeLastRuneInString(query)
		query = query[:len(query)-size]
	}
	return query
}

// result is a section that was found.
type result struct {
	Address, Page, Heading string
	Snippet                []piece
}

// piece is a part of a snippet.
type piece struct {
	Text string
	Hit  bool
}

// find returns the sections that have all words of the query, or words that begin with
// them, the best first; if there is none, those with some of the words.
func (x *index) find(query string) []result {
	words := wordsOf(query)
	words = words[:min(len(words), maxWords)]
	scores, had := map[int]float64{}, map[int]int{}
	for _, word := range words {
		for section, score := range x.score(word) {
			scores[section] += score
			had[section]++
		}
	}
	most := 0
	for _, n := range had {
		most = max(most, n)
	}
	var found []int
	phrase := strings.ToLower(query)
	for section, n := range had {
		if n < most {
			continue
		}
		if strings.Contains(x.sections[section].lower, phrase) { // in one piece, signs too
			scores[section] *= 2
		}
		found = append(found, section)
	}
	slices.SortFunc(found, func(a, b int) int { return cmp.Or(cmp.Compare(scores[b], scores[a]), cmp.Compare(a, b)) })
	var all []result
	for _, i := range found[:min(len(found), maxResults)] {
		s := x.sections[i]
		r := result{Address: s.page.address(), Page: s.page.title, Snippet: snippet(s.text, phrase, words)}
		if s.heading != s.page.title && s.id != "" {
			r.Address, r.Heading = r.Address+"#"+s.id, s.heading
		}
		all = append(all, r)
	}
	return all
}

// score returns what a word of the query counts in each section: much if few have it,
// little for each time after the first, and half where it only begins another word.
func (x *index) score(word string) map[int]float64 {
	weights := map[int]float64{}
	for i, _ := slices.BinarySearch(x.words, word); i < len(x.words) && strings.HasPrefix(x.words[i], word); i++ {
		for _, p := range x.places[x.words[i]] {
			if x.words[i] == word {
				weights[p.section] += p.weight
			} else {
				weights[p.section] += p.weight / 2
			}
		}
	}
	rare := math.Log(1 + float64(len(x.sections))/float64(1+len(weights)))
	for section, weight := range weights {
		weights[section] = rare * weight / (weight + 2)
	}
	return weights
}

// snippet returns the text around the place where the query is first found, with its
// words marked.
func snippet(text, phrase string, words []string) (all []piece) {
	lower := strings.ToLower(text)
	at := -1
	if len(lower) == len(text) { // or places in the one are not those in the other
		at = strings.Index(lower, phrase)
		for i := 0; i < len(words) && at < 0; i++ {
			at = beginning(lower, words[i])
		}
	}
	from := max(0, at-maxSnippet/3)
	to := min(len(text), from+maxSnippet)
	if from > 0 {
		from += strings.IndexByte(text[from:], ' ') + 1
	}
	if to < len(text) {
		to = from + max(0, strings.LastIndexByte(text[from:to], ' '))
	}
	cut := strings.ToValidUTF8(text[from:max(from, to)], "")
	if from > 0 {
		all = append(all, piece{Text: "… "})
	}
	all = append(all, marked(cut, words)...)
	if to < len(text) {
		all = append(all, piece{Text: " …"})
	}
	return all
}

// beginning returns where a word begins with prefix, or -1.
func beginning(text, prefix string) int {
	for from := 0; ; {
		i := strings.Index(text[from:], prefix)
		if i < 0 {
			return -1
		}
		at := from + i
		if before, _ := utf8.DecodeLastRuneInString(text[:at]); at == 0 || !unicode.IsLetter(before) && !unicode.IsDigit(before) {
			return at
		}
		from = at + len(prefix)
	}
}

// marked parts a text into words that begin with one of those that are sought, and the
// rest.
func marked(text string, words []string) (all []piece) {
	inWord := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	rest := ""
	for text != "" {
		first, _ := utf8.DecodeRuneInString(text)
		is := inWord(first)
		end := strings.IndexFunc(text, func(r rune) bool { return inWord(r) != is })
		if end < 0 {
			end = len(text)
		}
		word := text[:end]
		text = text[end:]
		hit := is && slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(strings.ToLower(word), w) })
		if !hit {
			rest += word
			continue
		}
		if rest != "" {
			all = append(all, piece{Text: rest})
			rest = ""
		}
		all = append(all, piece{word, true})
	}
	if rest != "" {
		all = append(all, piece{Text: rest})
	}
	return all
}
