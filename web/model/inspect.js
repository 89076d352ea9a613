// What some bytes may mean: as integers, floats, a varint, text, base64. Pure.

import { shownLine } from "./format.js";

/** @typedef {import("../types").Row} Row */

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * What rows have of bytes: how many, the first of them (at most `most`), and when
 * the first and the last row came, in seconds, where that is known.
 * @param {Row[]} rows
 */
export function gathered(rows, most = 512) {
  const withBytes = rows.filter((row) => row.bytes);
  const length = withBytes.reduce((sum, { bytes }) => sum + (bytes?.length ?? 0), 0);
  const bytes = new Uint8Array(Math.min(length, most));
  let at = 0;
  for (const row of withBytes) {
    if (at >= bytes.length) break;
    const part = /** @type {Uint8Array} */ (row.bytes).subarray(0, bytes.length - at);
    bytes.set(part, at);
    at += part.length;
  }
  return { length, rows: withBytes.length, bytes, from: withBytes[0]?.t, to: withBytes.at(-1)?.t };
}

/**
 * Numbers that one to eight bytes may be: for each reading, what it is called, and
 * the value with the first byte the highest ("big") and the lowest ("little").
 * @param {Uint8Array} bytes
 * @returns {{ name: string, big: string, little: string }[]}
 */
export function numbers(bytes) {
  const { length } = bytes;
  if (length === 0 || length > 8) return [];
  const big = BigInt("0x" + digits(bytes));
  const little = BigInt("0x" + digits(bytes.slice().reverse()));
  const bits = 8 * length;
  const signed = (/** @type {bigint} */ value) => BigInt.asIntN(bits, value);
  const found = [
    { name: `Unsigned, ${bits} bits`, big: String(big), little: String(little) },
    { name: "Signed", big: String(signed(big)), little: String(signed(little)) },
  ];
  if (length === 4 || length === 8) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, length);
    const float = (/** @type {boolean} */ isLittle) => String(length === 4 ? short(view.getFloat32(0, isLittle)) : view.getFloat64(0, isLittle));
    found.push({ name: "Float", big: float(false), little: float(true) });
  }
  return found;
}

// No more digits than a float of 32 bits has.
/** @param {number} value */
function short(value) {
  for (let digits = 1; digits < 9; digits++) if (Math.fround(Number(value.toPrecision(digits))) === value) return Number(value.toPrecision(digits));
  return value;
}

/** @param {Uint8Array} bytes */
function digits(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * A varint of protocol buffers (LEB128) that the bytes begin with: its value, the
 * same read as ZigZag, and how many bytes it has; null where none ends within ten.
 * @param {Uint8Array} bytes
 */
export function varint(bytes) {
  let value = 0n;
  for (let i = 0; i < Math.min(bytes.length, 10); i++) {
    value |= BigInt(bytes[i] & 0x7f) << BigInt(7 * i);
    if (bytes[i] < 0x80) {
      value = BigInt.asUintN(64, value);
      return { value: String(value), zigzag: String((value >> 1n) ^ -(value & 1n)), length: i + 1 };
    }
  }
  return null;
}

/** Bytes as UTF-8, on one line with every control shown; null where they are not. @param {Uint8Array} bytes @param {boolean} cut whether more follow */
export function utf8(bytes, cut = false) {
  // Where more follow, the last character may be cut.
  for (let less = 0; less <= (cut ? 3 : 0); less++) {
    try {
      return shownLine(decoder.decode(bytes.subarray(0, bytes.length - less)));
    } catch {
      // not so
    }
  }
  return null;
}

/** Bytes as Latin-1, on one line with every control shown. @param {Uint8Array} bytes */
export function latin1(bytes) {
  return shownLine(String.fromCharCode(...bytes));
}

/** @param {Uint8Array} bytes */
export function base64(bytes) {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
