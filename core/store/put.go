package store

import "errors"

// Put keeps a transcript that is complete, under an ID of [NewID]. One that cannot
// be written whole is deleted.
func Put(into Store, id string, text []byte) error {
	w, err := into.Create(id)
	if err != nil {
		return onDisk(err)
	}
	_, err = w.Write(text)
	if err == nil {
		err = w.Sync()
	}
	if err = errors.Join(err, w.Close()); err != nil {
		into.Delete(id)
		return onDisk(err)
	}
	if a, ok := into.(*Recordings); ok { // which keep within their bounds what they hold
		a.put.Add(wholeBlocks(int64(len(text))))
		signal(a.hurry)
	}
	return nil
}
