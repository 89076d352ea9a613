package textindex

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/bits"
	"os"
	"strings"

	"github.com/protocol-workbench/workbench/core/plainfile"
)

// A segment is a file with the filters of many transcripts, all of the same size.
// It is laid out by bits, not by transcripts: a row for each bit of the filters, with
// a column for each transcript. So a search reads the rows of its grams and
// nothing else. Rows fill pages, none lies across two, and each page has its
// checksum, for a segment is trusted for what is absent. It is written once.
//
//	"workbench search v2\n"
//	length of the head, its checksum   little-endian, 4 bytes each
//	head                               gob of segmentHead
//	pages                              rows, zeros, checksum of both
const (
	segmentName  = ".search-" // and something random
	segmentMagic = "workbench search v2\n"
	segmentPage  = 4 << 10
	maxSegment   = 16 << 20 // bytes of rows
	maxColumns   = 1 << 10
	maxHead      = 1 << 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

type segmentHead struct {
	Log     int // of the filters' bits
	Columns []File
}

type segment struct {
	name    string
	log     int
	columns []File
	dead    int   // columns that are of no use any more
	pages   int64 // where they begin
}

// mostColumns returns how many columns a segment of such filters may have.
func mostColumns(log int) int { return min(maxColumns, maxSegment*8>>log) }

func (s *segment) rowBytes() int      { return (len(s.columns) + 7) / 8 }
func (s *segment) pageRows() int      { return (segmentPage - 4) / s.rowBytes() }
func (s *segment) inPage(row int) int { return row % s.pageRows() * s.rowBytes() }

var errDamaged = errors.New("the index of the text is damaged")

// openSegment reads a segment's head.
func openSegment(root *os.Root, name string) (*segment, error) {
	file, err := plainfile.OpenIn(root, name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	fixed := make([]byte, len(segmentMagic)+8)
	if _, err := io.ReadFull(file, fixed); err != nil || string(fixed[:len(segmentMagic)]) != segmentMagic {
		return nil, errDamaged
	}
	size, sum := binary.LittleEndian.Uint32(fixed[len(segmentMagic):]), binary.LittleEndian.Uint32(fixed[len(segmentMagic)+4:])
	if size > maxHead {
		return nil, errDamaged
	}
	text := make([]byte, size)
	if _, err := io.ReadFull(file, text); err != nil || crc32.Checksum(text, castagnoli) != sum {
		return nil, errDamaged
	}
	var head segmentHead
	if err := gob.NewDecoder(bytes.NewReader(text)).Decode(&head); err != nil {
		return nil, errDamaged
	}
	if head.Log < minFilter || head.Log > maxFilter || len(head.Columns) == 0 || len(head.Columns) > mostColumns(head.Log) {
		return nil, errDamaged
	}
	return &segment{name: name, log: head.Log, columns: head.Columns, pages: int64(len(fixed)) + int64(size)}, nil
}

// matching returns the columns, as bits, that may have all of the grams with
// these hashes.
func (s *segment) matching(root *os.Root, hashes []uint32) ([]byte, error) {
	file, err := plainfile.OpenIn(root, s.name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	match := bytes.Repeat([]byte{0xff}, s.rowBytes())
	page := make([]byte, segmentPage)
	for _, h := range hashes {
		row := int(h & (1<<s.log - 1))
		if err := s.readPage(file, row/s.pageRows(), page); err != nil {
			return nil, err
		}
		some := byte(0)
		for i, b := range page[s.inPage(row):][:len(match)] {
			match[i] &= b
			some |= match[i]
		}
		if some == 0 {
			break
		}
	}
	return match, nil
}

func (s *segment) readPage(file io.ReaderAt, n int, page []byte) error {
	if _, err := file.ReadAt(page, s.pages+int64(n)*segmentPage); err != nil {
		return errors.Join(errDamaged, err)
	}
	if crc32.Checksum(page[:segmentPage-4], castagnoli) != binary.LittleEndian.Uint32(page[segmentPage-4:]) {
		return errDamaged
	}
	return nil
}

// rows is what a segment is made of.
type rows struct {
	segment
	bits []byte // of all rows
}

func newRows(log int, columns []File) *rows {
	r := &rows{segment: segment{log: log, columns: columns}}
	r.bits = make([]byte, r.rowBytes()<<log)
	return r
}

// set adds a filter as a column.
func (r *rows) set(column int, f Filter) {
	n, at, bit := r.rowBytes(), column/8, byte(1)<<(column%8)
	for i, w := range f {
		for ; w != 0; w &= w - 1 {
			r.bits[(i*64+bits.TrailingZeros64(w))*n+at] |= bit
		}
	}
}

// merge adds columns of a segment; where[i] is which its column i becomes, below 0
// for none.
func (r *rows) merge(root *os.Root, s *segment, where []int) error {
	file, err := plainfile.OpenIn(root, s.name)
	if err != nil {
		return err
	}
	defer file.Close()
	page, n, from := make([]byte, segmentPage), r.rowBytes(), s.rowBytes()
	for row := range 1 << s.log {
		if row%s.pageRows() == 0 {
			if err := s.readPage(file, row/s.pageRows(), page); err != nil {
				return err
			}
		}
		for i, b := range page[s.inPage(row):][:from] {
			for ; b != 0; b &= b - 1 {
				if c := where[i*8+bits.TrailingZeros8(b)]; c >= 0 {
					r.bits[row*n+c/8] |= 1 << (c % 8)
				}
			}
		}
	}
	return nil
}

// save writes the segment as a file, by way of one whose name begins with temp.
func (r *rows) save(root *os.Root, temp string) (*segment, error) {
	var head bytes.Buffer
	if err := gob.NewEncoder(&head).Encode(segmentHead{r.log, r.columns}); err != nil {
		return nil, err
	}
	text := []byte(segmentMagic)
	text = binary.LittleEndian.AppendUint32(text, uint32(head.Len()))
	text = binary.LittleEndian.AppendUint32(text, crc32.Checksum(head.Bytes(), castagnoli))
	text = append(text, head.Bytes()...)
	s := r.segment
	s.name, s.pages = segmentName+strings.ToLower(rand.Text()), int64(len(text))
	inPage := r.pageRows() * r.rowBytes()
	for left := r.bits; len(left) > 0; {
		page := make([]byte, segmentPage-4, segmentPage)
		left = left[copy(page, left[:min(len(left), inPage)]):]
		text = append(text, binary.LittleEndian.AppendUint32(page, crc32.Checksum(page, castagnoli))...)
	}
	temp += rand.Text()
	file, err := root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Close()); err == nil {
		err = root.Rename(temp, s.name)
	}
	if err != nil {
		root.Remove(temp)
		return nil, fmt.Errorf("save the index of the text: %w", err)
	}
	return &s, nil
}
