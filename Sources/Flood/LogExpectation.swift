/// What a sink in another program is to find in each log: its request by its sequence number, in the order of `RequestVariants`.
enum LogExpectation {
    static func json(_ configuration: FloodConfiguration) -> String {
        let variants = RequestVariants(urlBytes: configuration.urlBytes, seed: configuration.seed).variants
        let requests = variants.map { variant in
            var object = JSONWriter()
            object.add("allowed", variant.allowed)
            object.add("method", String(decoding: variant.method, as: UTF8.self))
            object.add("url", String(decoding: variant.url, as: UTF8.self))
            object.add("matched_rule", String(decoding: variant.matchedRule, as: UTF8.self))
            return object.text
        }
        return "{\"process\":\"\(String(decoding: MessageEncoder.processName, as: UTF8.self))\",\"requests\":[\(requests.joined(separator: ","))]}"
    }
}
