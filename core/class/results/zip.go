package results

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/protocol-workbench/workbench/core/background"
)

// pieceSize is how much is compressed in one turn: about a millisecond's work.
const pieceSize = 64 << 10

// WriteZip writes all files as a zip archive, until ctx is done. Its work takes turns, if
// ctx has them.
func (c *Class) WriteZip(ctx context.Context, w io.Writer) error {
	var waiting bytes.Buffer // what a turn has made: nobody should wait for w within one
	archive := zip.NewWriter(&waiting)
	piece := make([]byte, pieceSize)
	for f, err := range c.files() {
		if err != nil {
			return err
		}
		to, err := archive.CreateHeader(&zip.FileHeader{Name: f.path, Method: zip.Deflate, Modified: f.at})
		for err == nil {
			var n int
			var end error
			if n, end = io.ReadFull(f.text, piece); n > 0 {
				turn := background.Take(ctx)
				_, err = to.Write(piece[:n])
				turn.End()
			}
			if err == nil {
				_, err = waiting.WriteTo(w)
			}
			if err = errors.Join(err, ctx.Err()); err == nil && end != nil {
				if end != io.EOF && end != io.ErrUnexpectedEOF {
					err = end
				}
				break
			}
		}
		if err != nil {
			return err
		}
	}
	if err := archive.Close(); err != nil {
		return err
	}
	_, err := waiting.WriteTo(w)
	return err
}
