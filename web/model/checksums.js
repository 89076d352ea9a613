// Checksums over bytes, each as a number. Pure.

/** CRC-8 as SMBus has it: polynomial 07. @param {Uint8Array} bytes */
export function crc8(bytes) {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) crc = (crc & 0x80 ? (crc << 1) ^ 0x07 : crc << 1) & 0xff;
  }
  return crc;
}

/** CRC-16 as Modbus has it: polynomial 8005 reflected, begun with FFFF. @param {Uint8Array} bytes */
export function crc16(bytes) {
  return reflected(bytes, 0xa001, 0xffff);
}

/** CRC-32 as zip, PNG and Ethernet have it. @param {Uint8Array} bytes */
export function crc32(bytes) {
  return ~reflected(bytes, 0xedb88320, 0xffffffff) >>> 0;
}

/** All bytes added, the lowest eight bits. @param {Uint8Array} bytes */
export function sum(bytes) {
  return bytes.reduce((total, byte) => (total + byte) & 0xff, 0);
}

/** All bytes by exclusive or. @param {Uint8Array} bytes */
export function xor(bytes) {
  return bytes.reduce((total, byte) => total ^ byte, 0);
}

/** @param {Uint8Array} bytes @param {number} polynomial @param {number} begin */
function reflected(bytes, polynomial, begin) {
  let crc = begin;
  for (const byte of bytes) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
  }
  return crc;
}
