package store

// SetPart has the folder lay transcripts over files of so many bytes.
func (f *Folder) SetPart(bytes int64) { f.part = bytes }
