/// A text as a `string` field of one-byte tag and length.
func stringField(_ number: UInt8, _ text: String) -> [UInt8] { bytesField(number, Array(text.utf8)) }

func bytesField(_ number: UInt8, _ value: [UInt8]) -> [UInt8] {
    precondition(number < 16 && value.count < 1 << 14)
    let length = value.count < 128 ? [UInt8(value.count)] : [UInt8(value.count & 0x7F) | 0x80, UInt8(value.count >> 7)]
    return [number << 3 | 2] + length + value
}
