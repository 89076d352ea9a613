package catalog

import (
	"maps"
	"os"
	"path/filepath"
)

// Find looks for plugins in folders, in their order, without looking into
// subfolders: executables named workbench-plugin-NAME (an extension is cut) and
// NAME.star. All other files are left alone.
//
// taken says which names are not to be had, and who has them, in words such as
// "a built-in line mode"; it may be nil. Of two plugins of one name the first
// is found and the second is a problem. What cannot be used is a problem, the
// rest is returned in order of folder and file name.
func Find(folders []string, taken map[string]string) ([]Plugin, []Problem) {
	var found []Plugin
	var problems []Problem
	owners := map[string]string{}
	maps.Copy(owners, taken)
	seen := map[string]bool{}
	for _, folder := range folders {
		folder, err := filepath.Abs(folder)
		if err == nil && seen[folder] {
			continue
		}
		seen[folder] = true
		entries, err := os.ReadDir(folder)
		if err != nil {
			problems = append(problems, *unreadable("", folder, err))
			continue
		}
		for _, e := range entries {
			name, _, ok := nameOf(e.Name())
			if !ok || e.IsDir() {
				continue
			}
			file := filepath.Join(folder, e.Name())
			if who, ok := owners[name]; ok {
				problems = append(problems, Problem{Code: CodeNameTaken, Plugin: name, Path: file, What: "is not used, its name is taken by " + who,
					Next: "rename one of them, or remove this one: rm " + Quote(file)})
				continue
			}
			at, err := locateFile(file, file)
			var p *Plugin
			if err == nil {
				p, err = at.plugin(file)
			}
			if err != nil {
				problems = append(problems, *err.(*Problem))
				continue
			}
			owners[name] = file
			found = append(found, *p)
		}
	}
	return found, problems
}
