package ftp

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// lasting returns the files that are always there, by path. Their lines end in LF, as on
// most servers, so that TYPE A and TYPE I differ.
func lasting() map[string]node {
	all := map[string]node{}
	add := func(n node) {
		n.changed, n.owner = madeAt, "practice"
		all[n.path] = n
	}
	for _, dir := range []string{"/", "/letters", "/data", Upload} {
		add(node{path: dir, dir: true})
	}
	noise := make([]byte, 1<<20)
	rand.NewChaCha8([32]byte{}).Read(noise) // the same for all, and it never fails
	for at, content := range map[string]string{
		"/readme.txt": `Welcome to the practice FTP server.

/letters   a few texts, to read and to count
/data      a file of 1 MiB, whose bytes TYPE A changes
/upload    for your files: all who practise here see them, and the server forgets them

Nothing leaves this room.
`,
		"/letters/alice.txt": `Dear Bob,

the key is under the third stone. Tell nobody, and burn this letter:
whoever stands between us can read it, for FTP hides nothing.

Alice
`,
		"/letters/bob.txt": `Dear Alice,

there are four stones, and you did not say from which side to count.

Bob
`,
		"/letters/carol.txt": `Dear both,

I did not mean to read your letters, but they came by on the wire. It is under the
third stone from the left.

Carol
`,
		"/data/noise.bin":   string(noise),
		"/data/numbers.csv": "number,square\n1,1\n2,4\n3,9\n4,16\n5,25\n6,36\n7,49\n8,64\n9,81\n",
	} {
		add(node{path: at, data: []byte(content)})
	}
	return all
}

// madeAt is when those files were made.
var madeAt = time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)

// Student returns what is a student's own: the name of a file in /letters, and the number
// that stands in it.
func Student(seed string) (file, number string) {
	h := sha256.Sum256([]byte("ftp " + seed))
	words := strings.Fields("acorn anchor barrel bridge candle castle fiddle garden hammer harbour kettle ladder lantern mirror needle orchard")
	return "for-" + words[h[0]%16] + "-" + words[h[1]%16] + ".txt", fmt.Sprintf("%06d", binary.BigEndian.Uint32(h[4:])%1e6)
}

// ownFile is the file of a student.
func ownFile(seed string) node {
	file, number := Student(seed)
	return node{
		path: "/letters/" + file, changed: madeAt, owner: "practice",
		data: []byte("To whom it may concern:\n\nyour number is " + number + ".\n"),
	}
}
