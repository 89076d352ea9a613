package telopt

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Two machines of RFC 1143 that talk to each other fall silent, whatever either asks for and
// however what they say crosses, and then agree.
func TestNoLoops(t *testing.T) {
	type end struct {
		Agreement
		said []bool // what is under way to the other end
	}
	var try func(ends [2]end, left, depth int)
	states := 0
	try = func(ends [2]end, left, depth int) {
		if states++; depth > 24 {
			t.Fatalf("they still talk: %+v", ends)
		}
		if len(ends[0].said)+len(ends[1].said) == 0 {
			if (ends[0].Agreement == Yes) != (ends[1].Agreement == Yes) || ends[0].Agreement > Yes || ends[1].Agreement > Yes {
				t.Fatalf("they have agreed on different things: %v and %v", ends[0].Agreement, ends[1].Agreement)
			}
		}
		says := func(ends [2]end, from int, what Answer) [2]end {
			if what != Nothing {
				ends[from].said = append(ends[from].said[:len(ends[from].said):len(ends[from].said)], what == SayYes)
			}
			return ends
		}
		for i := range ends {
			if len(ends[1-i].said) > 0 { // what the other end has said comes
				for _, agree := range []bool{false, true} {
					next := ends
					wants := next[1-i].said[0]
					next[1-i].said = next[1-i].said[1:]
					what, _ := next[i].Hears(wants, agree, true)
					try(says(next, i, what), left, depth+1)
				}
			}
			for _, wants := range []bool{false, true} { // or somebody asks for something
				if next := ends; left > 0 {
					what, _ := next[i].Asks(wants)
					try(says(next, i, what), left-1, depth+1)
				}
			}
		}
	}
	most := 4
	if testing.Short() {
		most = 3
	}
	try([2]end{}, most, 0)
	if states < 1000 {
		t.Errorf("only %d states were tried", states)
	}
}

// A peer that answers everything, as RFC 1143 has it of old ones, is not answered for ever.
func TestNoLoopsWithOldPeers(t *testing.T) {
	for from := No; from < Agreements; from++ {
		for _, agree := range []bool{false, true} {
			for _, says := range []bool{false, true} {
				a, said := from, 0
				for what := Answer(Nothing); said < 10; said++ {
					if what, _ = a.Hears(says, agree, true); what == Nothing {
						break
					}
					says = what == SayYes
				}
				if said == 10 || a != No && a != Yes && a != WantNo {
					t.Errorf("from %d on, agreeing: %v, it has answered %d times and is at %d", from, agree, said, a)
				}
			}
		}
	}
}

// Names and codes lead to each other.
func TestNames(t *testing.T) {
	for code := byte(FirstCommand); code != 0; code++ {
		if got, ok := Command(CommandName(code)); got != code || !ok {
			t.Errorf("command %d is %s, which is %d, %v", code, CommandName(code), got, ok)
		}
	}
	for option := range 256 {
		if got, ok := Option(OptionName(byte(option))); int(got) != option || !ok {
			t.Errorf("option %d is %s, which is %d, %v", option, OptionName(byte(option)), got, ok)
		}
	}
	if code, ok := Command("MAYBE"); ok {
		t.Errorf("MAYBE is %d", code)
	}
	for _, name := range []string{"", "NOPE", "256", "-1"} {
		if option, ok := Option(name); ok {
			t.Errorf("%q is %d", name, option)
		}
	}
	if option, ok := Option("naws"); !ok || option != NAWS {
		t.Errorf("naws is %d, %v", option, ok)
	}
}
