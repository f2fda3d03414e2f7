// One session with coderd's agent API, from the first byte after the WebSocket upgrade to the last: unary DRPC calls over yamux streams, as a
// client. Bytes and `now` go in, bytes and events come out; `now` is the time since any fixed point of a monotonic clock.
//
// A call takes an open stream that is idle, or else opens one. It leaves the stream open for the next call when its answer has come to the end;
// a call that ends otherwise takes its stream with it, so that a stream is either open with at most one call or forgotten. Frames for
// forgotten streams are dropped, as the reference does; their data may be no more than the windows had left.
//
// Whatever breaks the protocol fails the session, for good.

/// A session with coderd's agent API. Sans-IO. After each `receive`, `advance`, `begin`, `cancel` and `end`: take the events with `nextEvent`,
/// write with `produce` while `hasOutput`, and call `advance` at `nextDeadline`.
public struct AgentSession: ~Copyable {
    /// The reference refuses longer messages.
    public static var requestBytesMax: Int { 4 << 20 }
    /// The least room that `produce` needs to get on, in bytes.
    public static var outputBytesMin: Int { YamuxHeader.byteCount + 1 }
    /// Answers to pings that may wait to be written. The reference asks every 15 seconds at most.
    static var pingAnswersMax: Int { 64 }
    /// Streams at once, at most: so many the reference lets wait to be accepted.
    static var streamsMax: Int { 256 }
    /// A data frame behind others in one message has at least so many bytes, or else all that there are: less is left for the next message.
    static var followingDataBytesMin: Int { 1024 }

    enum Phase { case open, draining, drained, ended }

    let limits: AgentSessionLimits
    var phase = Phase.open
    public internal(set) var statistics = AgentSessionStatistics()
    /// Begun and not ended.
    public internal(set) var callsInFlight = 0

    /// A fixed number of places.
    var streams: [AgentStream]
    var nextStreamID: UInt32
    /// The place whose turn it is to write.
    var nextTurn = 0

    var frames = YamuxFrameReader()
    /// The stream whose payload is being received.
    var payloadStream: UInt32 = 0
    /// The data that may still come for streams that are closed.
    var discardBytesMax = 0

    // What waits to be written besides calls. Both are bounded: by `pingAnswersMax`, and by the number of places, since streams are opened only
    // when no closing waits.
    var pingAnswers: [UInt32] = []
    var closings: [YamuxHeader] = []
    var owesPing = false

    var pingValue: UInt32 = 0
    /// When to ping; or while a ping is not answered, when to give up.
    var pingDeadline: Duration
    var awaitsPingAnswer = false
    /// While a ping is not answered: when the next one is due.
    var nextPing = Duration.zero

    private var events: [AgentEvent] = []
    private var eventsTaken = 0

    public init(limits: AgentSessionLimits, now: Duration) {
        self.init(limits: limits, now: now, firstStreamID: 1)
    }

    init(limits: AgentSessionLimits, now: Duration, firstStreamID: UInt32) {
        self.limits = limits
        streams = Array(repeating: AgentStream(), count: min(max(limits.callsInFlightMax, 1), Self.streamsMax))
        nextStreamID = firstStreamID
        pingDeadline = now + limits.pingInterval
    }

    /// The session failed, or `end` was called: nothing comes out of it any more but the events that wait.
    public var isEnded: Bool { phase == .ended }

    /// The server went away, or stream ids are used up: no new calls.
    public var isDraining: Bool { phase == .draining || phase == .drained }

    /// Begins a call; `produce` will write it. Its time runs from now.
    /// - Parameters:
    ///   - method: the full name, as in `/coder.agent.v2.Agent/ReportBoundaryLogs`.
    ///   - bodyByteCount: of the serialised request; `produce` asks its source for the bytes.
    public mutating func begin(_ call: CallID, method: StaticString, bodyByteCount: Int, now: Duration) throws(CallRefusal) {
        if phase == .ended { throw .sessionEnded }
        if phase != .open { throw .draining }
        guard bodyByteCount <= Self.requestBytesMax else { throw .requestTooLong }
        guard callsInFlight < streams.count else { throw .tooManyCalls }
        assert(place(of: call) == nil, "a call in flight has this id")
        guard let place = placeForCall() else {
            beginDraining()
            throw .draining
        }
        let request = RequestLayout(method: method, bodyByteCount: bodyByteCount, stream: streams[place].callCount + 1)
        streams[place].call = AgentCall(id: call, request: request, deadline: now + limits.callTimeout)
        callsInFlight += 1
        statistics.callsBegun += 1
    }

    /// An idle stream, else a free place. nil when there are no more stream ids.
    private func placeForCall() -> Int? {
        var free: Int?
        for place in streams.indices where streams[place].call == nil {
            if streams[place].id != 0 { return place }
            if free == nil { free = place }
        }
        // Every place that has a call but no stream yet will need an id too. Like the reference, stop short of the very last.
        return nextStreamID < UInt32.max - 2 * UInt32(Self.streamsMax + 1) ? free : nil
    }

    /// Gives up a call, which ends as `cancelled`, or as succeeded if its answer has come. Nothing happens if it is not in flight.
    public mutating func cancel(_ call: CallID) {
        guard let place = place(of: call) else { return }
        abandon(place, .cancelled)
    }

    private func place(of call: CallID) -> Int? {
        streams.firstIndex { $0.call?.id == call }
    }

    /// To be called when the transport has ended or is given up: all calls in flight end.
    public mutating func end() {
        guard phase != .ended else { return }
        phase = .ended
        for place in streams.indices where streams[place].call != nil { endCall(at: place, .sessionEnded) }
        streams = []
        pingAnswers = []
        closings = []
        owesPing = false
    }

    /// The next thing that the session has to say, in the order in which things happened.
    public mutating func nextEvent() -> AgentEvent? {
        guard eventsTaken < events.count else { return nil }
        let event = events[eventsTaken]
        eventsTaken += 1
        if eventsTaken == events.count {
            events.removeAll(keepingCapacity: true)
            eventsTaken = 0
        }
        return event
    }

    mutating func say(_ event: AgentEvent) { events.append(event) }
}
