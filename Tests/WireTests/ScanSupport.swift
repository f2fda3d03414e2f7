/// A text as a `string` field of one-byte tag.
func stringField(_ number: UInt8, _ text: String) -> [UInt8] { bytesField(number, Array(text.utf8)) }

func bytesField(_ number: UInt8, _ value: [UInt8]) -> [UInt8] {
    precondition(number < 16)
    var length: [UInt8] = []
    var rest = value.count
    while rest >= 0x80 {
        length.append(UInt8(rest & 0x7F) | 0x80)
        rest >>= 7
    }
    return [number << 3 | 2] + length + [UInt8(rest)] + value
}
