package frames

import "hash/crc32"

// checksum is a number of bytes that says whether others arrived as they were sent.
type checksum struct {
	size   int // in bytes; 0: there is none
	little bool
	of     func(data []byte) uint32
}

// checksums are what option checksum names.
var checksums = map[string]checksum{
	"none": {},
	"sum":  {size: 1, of: func(data []byte) uint32 { return uint32(total(data)) }},
	// The longitudinal redundancy check of Modbus ASCII (Modbus over Serial Line, appendix 6.2.1).
	"lrc":     {size: 1, of: func(data []byte) uint32 { return uint32(-total(data)) }},
	"crc8":    {size: 1, of: func(data []byte) uint32 { return uint32(crc8(data)) }},            // as SMBus has it
	"crc16":   {size: 2, little: true, of: func(data []byte) uint32 { return crcModbus(data) }}, // as Modbus RTU has it
	"ccitt":   {size: 2, of: func(data []byte) uint32 { return crcCCITT(data) }},                // begun with FFFF
	"crc32":   {size: 4, of: crc32.ChecksumIEEE},                                                // as zip, PNG and Ethernet have it
	"crc32le": {size: 4, little: true, of: crc32.ChecksumIEEE},
}

// append appends the checksum of data.
func (c checksum) append(dst, data []byte) []byte {
	n := c.number(data)
	for i := range c.size {
		shift := 8 * (c.size - 1 - i)
		if c.little {
			shift = 8 * i
		}
		dst = append(dst, byte(n>>shift))
	}
	return dst
}

func (c checksum) number(data []byte) uint32 {
	if c.size == 0 {
		return 0
	}
	return c.of(data)
}

func total(data []byte) (sum byte) {
	for _, b := range data {
		sum += b
	}
	return sum
}

// crc8 is that of polynomial 07.
func crc8(data []byte) (crc byte) {
	for _, b := range data {
		crc ^= b
		for range 8 {
			high := crc & 0x80
			crc <<= 1
			if high != 0 {
				crc ^= 0x07
			}
		}
	}
	return crc
}

// crcModbus is that of polynomial 8005, reflected (Modbus over Serial Line, section 6.2.2).
func crcModbus(data []byte) uint32 {
	crc := uint16(0xffff)
	for _, b := range data {
		crc ^= uint16(b)
		for range 8 {
			low := crc & 1
			crc >>= 1
			if low != 0 {
				crc ^= 0xa001
			}
		}
	}
	return uint32(crc)
}

// crcCCITT is that of polynomial 1021.
func crcCCITT(data []byte) uint32 {
	crc := uint16(0xffff)
	for _, b := range data {
		crc ^= uint16(b) << 8
		for range 8 {
			high := crc & 0x8000
			crc <<= 1
			if high != 0 {
				crc ^= 0x1021
			}
		}
	}
	return uint32(crc)
}
