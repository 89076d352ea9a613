package mqtt

import (
	"crypto/sha256"
	"strings"
)

// Student returns what is a student's own: a topic, and the word that is retained there.
func Student(seed string) (topic, word string) {
	h := sha256.Sum256([]byte("mqtt " + seed))
	rooms := strings.Fields("attic balcony bathroom bedroom cellar chapel corridor garage garden hall kitchen library office stable studio tower")
	things := strings.Fields("bell clock door fan gate heater kettle lamp lock oven pump radio shutter siren tap window")
	words := strings.Fields("amber apple badger birch candle cedar clover comet coral daisy ember falcon finch garnet hazel heron iris jade jasper kestrel lemon linden maple merlin nectar olive opal otter pearl poppy quartz willow")
	return own + rooms[h[0]%16] + "/" + things[h[1]%16], words[h[2]%32]
}

// letter is the message of a student; nil: nobody's.
func letter(seed string) *message {
	if seed == "" {
		return nil
	}
	topic, word := Student(seed)
	return &message{topic: topic, payload: []byte(word)}
}
