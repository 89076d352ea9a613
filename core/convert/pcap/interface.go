package pcap

import (
	"fmt"
	"math/bits"
	"time"
)

// ngInterface is the relevant part of a pcapng's Interface Description Block
// (draft-ietf-opsawg-pcapng, section 4.2).
type ngInterface struct {
	link      linkType
	snap      uint32 // bytes captured of a packet; 0: all
	perSecond uint64 // units of its packets' times
	offset    int64  // seconds to add to them
}

func (g *nextGeneration) describe(block []byte) (ngInterface, error) {
	one := ngInterface{link: linkType(g.order.Uint16(block[8:])), snap: g.order.Uint32(block[12:]), perSecond: 1e6}
	for rest := block[16 : len(block)-4]; len(rest) >= 4; {
		code, length := g.order.Uint16(rest), int(g.order.Uint16(rest[2:]))
		padded := 4 + (length+3)&^3
		if code == optionEnd {
			break
		}
		if padded > len(rest) {
			return one, fmt.Errorf("interface option of %d bytes does not fit its block", length)
		}
		switch value := rest[4 : 4+length]; {
		case code == optionResolution && length == 1:
			exponent := value[0] & 0x7f
			switch binary := value[0]&0x80 != 0; {
			case binary && exponent < 64:
				one.perSecond = 1 << exponent
			case !binary && exponent < 20: // 10^20 does not fit a uint64
				one.perSecond = 1
				for range exponent {
					one.perSecond *= 10
				}
			default:
				return one, fmt.Errorf("interface time resolution %#x is too high", value[0])
			}
		case code == optionOffset && length == 8:
			one.offset = int64(g.order.Uint64(value))
		}
		rest = rest[padded:]
	}
	return one, nil
}

func (i ngInterface) time(units uint64) time.Time {
	high, low := bits.Mul64(units%i.perSecond, 1e9)
	nanoseconds, _ := bits.Div64(high, low, i.perSecond)
	return time.Unix(int64(units/i.perSecond)+i.offset, int64(nanoseconds)).UTC()
}
