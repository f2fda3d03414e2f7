/// A text as a `string` field of one-byte tag.
func stringField(_ number: UInt8, _ text: String) -> [UInt8] { bytesField(number, Array(text.utf8)) }

func bytesField(_ number: UInt8, _ value: [UInt8]) -> [UInt8] {
    precondition(number < 16)
    return [number << 3 | 2] + varint(UInt64(value.count)) + value
}
