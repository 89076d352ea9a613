package web

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
	"sync"
)

// join returns the files with the modules of the first visit in one, app.js: a browser
// takes longer to ask for forty files, level by level of their imports, than to read
// them. Workers are joined too, each with what it needs of its own. What app.js holds is
// still found by its own path, and is the same module there. All other modules, which
// are loaded when they are needed, stay as they are.
//
// It reads the few forms of import and export that the page's files have; a test sees
// that none is left. The work is done when the first file is opened: most programs that
// start a workbench want no page.
func join(files fs.FS) fs.FS {
	return joined{files, sync.OnceValue(func() map[string]string { return joinAll(files) })}
}

// joinAll returns the texts that differ from the files', by their paths.
func joinAll(files fs.FS) map[string]string {
	made := map[string]string{}
	workers, _ := fs.Glob(files, "*/*.worker.js") // the pattern is right
	for _, name := range workers {
		made[name] = newJoin(files, name).text()
	}
	j := newJoin(files, "app.js")
	for _, m := range j.modules {
		made[m.name] = m.alias()
	}
	made["app.js"] = j.text() + fmt.Sprintf("export { %s };\n", strings.Join(j.variables(), ", "))
	return made
}

// A joining is an entry and the modules that it needs, each after those that it needs
// itself.
type joining struct {
	files   fs.FS
	modules []module
	seen    map[string]bool
}

type module struct {
	name, text string
	exports    [][2]string // what a name is to others, and in the module
}

func newJoin(files fs.FS, entry string) *joining {
	j := &joining{files: files, seen: map[string]bool{}}
	j.add(entry)
	return j
}

// The forms of our own modules and those of the vendored ones, which are minified.
// Each begins with a letter, by which a regexp is found fast.
var (
	importForm  = regexp.MustCompile(`import ?(?:(\w+|\* as \w+|\{[^}]*\}) ?from ?)?"(\.[^"]+)";`)
	dynamicForm = regexp.MustCompile(`import\("(\.[^"]+)"\)`)
	declaration = regexp.MustCompile(`export ((?:async )?(?:function\*?|class|const) (\w+))`)
	defaultForm = regexp.MustCompile(`export default `)
	listForm    = regexp.MustCompile(`export\{([^}]*)\}(?:from"(\.[^"]+)")?;?`)
	renamed     = regexp.MustCompile(`([\w$]+) as ([\w$]+)`)
	notInNames  = regexp.MustCompile(`\W`)
)

// variable names what a module exports, within what it is joined to.
func variable(name string) string {
	return "$" + notInNames.ReplaceAllString(strings.TrimSuffix(name, ".js"), "_")
}

func (j *joining) add(name string) {
	if j.seen[name] {
		return
	}
	j.seen[name] = true
	data, err := fs.ReadFile(j.files, name)
	if err != nil {
		panic(fmt.Sprintf("join the page's modules: %v", err))
	}
	m := module{name: name, text: string(data)}
	m.text = importForm.ReplaceAllStringFunc(m.text, func(found string) string {
		parts := importForm.FindStringSubmatch(found)
		from := path.Join(path.Dir(name), parts[2])
		j.add(from)
		what := parts[1]
		switch {
		case what == "":
			return ""
		case strings.HasPrefix(what, "{"):
			what = renamed.ReplaceAllString(what, "$1: $2")
		case strings.HasPrefix(what, "* as "):
			what = strings.TrimPrefix(what, "* as ")
		default:
			what = "{ default: " + what + " }"
		}
		return "const " + what + " = " + variable(from) + ";"
	})
	m.text = declaration.ReplaceAllStringFunc(m.text, func(found string) string {
		parts := declaration.FindStringSubmatch(found)
		m.exports = append(m.exports, [2]string{parts[2], parts[2]})
		return parts[1]
	})
	m.text = defaultForm.ReplaceAllStringFunc(m.text, func(string) string {
		m.exports = append(m.exports, [2]string{"default", "$default"})
		return "const $default = "
	})
	m.text = listForm.ReplaceAllStringFunc(m.text, func(found string) string {
		parts := listForm.FindStringSubmatch(found)
		from := ""
		if parts[2] != "" {
			from = variable(path.Join(path.Dir(name), parts[2])) + "."
		}
		for one := range strings.SplitSeq(parts[1], ",") {
			local, outside, isRenamed := strings.Cut(strings.TrimSpace(one), " as ")
			if !isRenamed {
				outside = local
			}
			m.exports = append(m.exports, [2]string{outside, from + local})
		}
		return ""
	})
	m.text = dynamicForm.ReplaceAllStringFunc(m.text, func(found string) string {
		return `import("/` + path.Join(path.Dir(name), dynamicForm.FindStringSubmatch(found)[1]) + `")`
	})
	j.modules = append(j.modules, m)
}

// variables returns the names by which text holds the modules.
func (j *joining) variables() []string {
	var names []string
	for _, m := range j.modules {
		names = append(names, variable(m.name))
	}
	return names
}

// text returns the modules as one script.
func (j *joining) text() string {
	var b strings.Builder
	for _, m := range j.modules {
		var exports []string
		for _, e := range m.exports {
			exports = append(exports, e[0]+": "+e[1])
		}
		fmt.Fprintf(&b, "const %s = (() => {\n%s\nreturn { %s };\n})();\n", variable(m.name), m.text, strings.Join(exports, ", "))
	}
	return b.String()
}

// alias returns the module that stands in the place of a joined one. Only htm has a
// default export, and nobody else imports that.
func (m module) alias() string {
	var names []string
	for _, e := range m.exports {
		if e[0] != "default" {
			names = append(names, e[0])
		}
	}
	return fmt.Sprintf("import { %[1]s } from \"/app.js\";\nexport const { %[2]s } = %[1]s;\n", variable(m.name), strings.Join(names, ", "))
}

// joined is the files, some of them with another text.
type joined struct {
	fs.FS
	made func() map[string]string // by path
}

func (j joined) Open(name string) (fs.File, error) {
	file, err := j.FS.Open(name)
	text, ok := j.made()[name]
	if err != nil || !ok {
		return file, err
	}
	return &madeFile{file, strings.NewReader(text)}, nil
}

type madeFile struct {
	fs.File
	text *strings.Reader
}

func (f *madeFile) Read(b []byte) (int, error)               { return f.text.Read(b) }
func (f *madeFile) Seek(at int64, whence int) (int64, error) { return f.text.Seek(at, whence) }

func (f *madeFile) Stat() (fs.FileInfo, error) {
	info, err := f.File.Stat()
	return madeInfo{info, f.text.Size()}, err
}

type madeInfo struct {
	fs.FileInfo
	size int64
}

func (i madeInfo) Size() int64 { return i.size }
