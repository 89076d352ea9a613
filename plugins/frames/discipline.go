package frames

import "github.com/protocol-workbench/workbench/core"

// Names of options, and of what they can be.
const (
	optionPreset    = "preset"
	optionFraming   = "framing"
	optionLength    = "length"
	optionCounts    = "counts"
	optionOffset    = "offset"
	optionDelimiter = "delimiter"
	optionSize      = "size"
	optionPayload   = "payload"
	optionFields    = "fields"
	optionChecksum  = "checksum"
	optionCovers    = "covers"

	framingLength        = "length"
	framingDelimiter     = "delimiter"
	framingFixed         = "fixed"
	framingSLIP          = "slip"
	framingCOBS          = "cobs"
	framingContentLength = "content-length"

	payloadText        = "text"
	payloadHex         = "hex"
	payloadJSON        = "json"
	payloadMessagePack = "msgpack"
	payloadCBOR        = "cbor"

	presetModbus = "modbus-tcp"
)

// Discipline returns the line mode frames.
func Discipline() core.Discipline {
	return core.Discipline{
		Manifest: core.Manifest{
			Name:    "frames",
			Title:   "Frames",
			Version: "1",
			Summary: "Type a payload, it is sent as a frame: with its length, between delimiters, stuffed, with a checksum. " +
				"Each frame of the server's is a message. With maps of fields, and Modbus/TCP ready made.",
			Sends:          "a frame of what is typed, as the options say; after = the bytes as they are, with escapes",
			Input:          core.InputLine,
			Options:        options(),
			Boundaries:     true,
			Events:         []string{core.ClientRaw.String(), core.ClientBytes.String(), core.ClientUnseen.String(), core.ServerUnseen.String(), core.ClientCommand.String()},
			AfterServerEOF: true,
			Clients:        []string{core.Messages.String(), core.Stream.String()},
			Messages:       true,
			Commands:       commands(),
			TypedAsText:    true,
			ChecksTyped:    true,
			Group:          "raw",
			Brief:          "binary frames, Modbus/TCP, LSP",
			Ports:          []core.UsualPort{{Port: 502, Name: "Modbus", Options: map[string]string{optionPreset: presetModbus}}},
		},
		Open: func(o core.Opening, _ *core.Out) (core.Machine, error) {
			l, err := newLayout(o.Options)
			if err != nil {
				return nil, err
			}
			return newMachine(l, o.Client != core.Stream, o.Watch), nil
		},
	}
}

func options() []core.Option {
	return []core.Option{
		{
			Name: optionPreset, Type: core.OptionChoice, Default: "none", Choices: []string{"none", presetModbus, "lsp"},
			Help: "A protocol that is ready made; the other options then count for nothing. lsp: Content-Length and JSON.",
		},
		{
			Name: optionFraming, Type: core.OptionChoice, Default: framingLength,
			Choices: []string{framingLength, framingDelimiter, framingFixed, framingSLIP, framingCOBS, framingContentLength},
			Help:    "Where a frame ends: after as many bytes as it says, at a delimiter, after a fixed number of bytes, as SLIP or COBS have it, or as a head with a line Content-Length says.",
		},
		{
			Name: optionLength, Type: core.OptionChoice, Default: "u16",
			Choices: []string{"u8", "u16", "u16le", "u32", "u32le", "u64", "u64le", "varint"},
			Help:    "The number that says how long a frame is: its bits, and le if its lowest byte comes first; varint takes seven bits of each byte, as protobuf does.",
		},
		{
			Name: optionCounts, Type: core.OptionChoice, Default: "rest", Choices: []string{"rest", "all"},
			Help: "What that number counts: the bytes that follow it, or all of the frame.",
		},
		{Name: optionOffset, Type: core.OptionInt, Default: "0", Help: "How many bytes stand before the length."},
		{Name: optionDelimiter, Type: core.OptionText, Default: `\n`, Help: `What ends a frame, with the escapes \r, \n, \t and \xHH.`},
		{Name: optionSize, Type: core.OptionInt, Default: "16", Help: "How many bytes each frame has, its checksum included, if all have as many."},
		{
			Name: optionPayload, Type: core.OptionChoice, Default: payloadText,
			Choices: []string{payloadText, payloadHex, payloadJSON, payloadMessagePack, payloadCBOR},
			Help:    "How payloads are typed and shown. msgpack and cbor are typed as JSON.",
		},
		{
			Name: optionFields, Type: core.OptionText, Default: "",
			Help: "A map of the bytes before the length and of the payload, as in: u16 id, u8 kind, f32le level, bytes4 address, text rest. Then name=value is typed and shown.",
		},
		{
			Name: optionChecksum, Type: core.OptionChoice, Default: "none",
			Choices: []string{"none", "sum", "lrc", "crc8", "crc16", "ccitt", "crc32", "crc32le"},
			Help:    "What ends each frame to find errors: the bytes added, Modbus's LRC, CRC-8 (SMBus), CRC-16 (Modbus, low byte first), CRC-16 (CCITT, begun with FFFF), CRC-32 with its highest or lowest byte first.",
		},
		{
			Name: optionCovers, Type: core.OptionChoice, Default: "payload", Choices: []string{"payload", "all"},
			Help: "What the checksum is of: the payload, or all that stands before it.",
		},
	}
}
