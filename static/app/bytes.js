// Bytes and digits as text.

/** 7 → "07". */
export const two = (digits) => String(digits).padStart(2, "0")

export const hexOf = (bytes) => Array.from(bytes, (byte) => two(byte.toString(16))).join("")

export const base64Of = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))

/** The bytes of Base64. */
export const bytesOf = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
