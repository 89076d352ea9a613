package frames

import (
	"bytes"
	"errors"
)

// SLIP's bytes (RFC 1055).
const (
	slipEnd    = 0xc0
	slipEscape = 0xdb
	slipIsEnd  = 0xdc // after slipEscape: an end
	slipIsEsc  = 0xdd // after slipEscape: an escape
)

// appendSLIP appends a packet, with the end that RFC 1055 advises before it, too.
func appendSLIP(dst, packet []byte) []byte {
	dst = append(dst, slipEnd)
	for _, b := range packet {
		switch b {
		case slipEnd:
			dst = append(dst, slipEscape, slipIsEnd)
		case slipEscape:
			dst = append(dst, slipEscape, slipIsEsc)
		default:
			dst = append(dst, b)
		}
	}
	return append(dst, slipEnd)
}

// fromSLIP returns the packet of a frame without its end.
func fromSLIP(frame []byte) (packet []byte, wrong string) {
	if bytes.IndexByte(frame, slipEscape) < 0 {
		return frame, ""
	}
	packet = make([]byte, 0, len(frame))
	for i := 0; i < len(frame); i++ {
		b := frame[i]
		if b != slipEscape {
			packet = append(packet, b)
			continue
		}
		if i++; i == len(frame) {
			return packet, "RFC 1055: after DB comes DC or DD, and the frame ends there"
		}
		switch frame[i] {
		case slipIsEnd:
			packet = append(packet, slipEnd)
		case slipIsEsc:
			packet = append(packet, slipEscape)
		default:
			wrong = "RFC 1055: after DB comes DC or DD"
			packet = append(packet, frame[i])
		}
	}
	return packet, wrong
}

// appendCOBS appends a packet by consistent overhead byte stuffing (Cheshire and Baker,
// 1999): no byte of it is zero but the last.
func appendCOBS(dst, packet []byte) []byte {
	for {
		n := bytes.IndexByte(packet, 0)
		ends := n < 0
		if ends {
			n = len(packet)
		}
		if n >= 254 {
			dst = append(append(dst, 255), packet[:254]...)
			if packet = packet[254:]; len(packet) == 0 {
				return append(dst, 0)
			}
			continue
		}
		dst = append(append(dst, byte(n+1)), packet[:n]...)
		if ends {
			return append(dst, 0)
		}
		packet = packet[n+1:]
	}
}

var errCOBS = errors.New("COBS: a block is longer than the rest of the frame")

// fromCOBS returns the packet of a frame without its end.
func fromCOBS(frame []byte) (packet []byte, err error) {
	packet = make([]byte, 0, len(frame))
	for len(frame) > 0 {
		n := int(frame[0])
		if n == 0 || n > len(frame) {
			return append(packet, frame[1:]...), errCOBS
		}
		packet = append(packet, frame[1:n]...)
		if frame = frame[n:]; n < 255 && len(frame) > 0 {
			packet = append(packet, 0)
		}
	}
	return packet, nil
}
