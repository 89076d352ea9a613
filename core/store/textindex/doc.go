// Package textindex knows which short sequences of bytes the texts of a folder's files
// hold, so that a search need not read those that lack one of the text it looks for.
//
// It never says that a file holds a text: the caller reads that. What it knows of a
// file counts while the file has the size and the time that it had. It is a cache, in
// files of its own beside the others, which all processes that use the folder share:
// one that is damaged, or of another version, is deleted and made again.
//
// # The duties of a caller
//
//  1. Ask [Index.LookUp] which of the files a search must read.
//  2. Of those that it does not know, make a [Filter] of all of the text while it is
//     read, and [Index.Add] it, if the file is [File.Old] and was the same before and
//     after.
//  3. Call [Index.Tidy] now and then, which writes what was added.
//
// # What this package is not for
//
// It does not know what the files are, and reads none but its own.
package textindex
