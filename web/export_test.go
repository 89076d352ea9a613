package web

import "io/fs"

// Sources returns the files as they stand here, nothing joined.
func Sources() fs.FS { return files }
