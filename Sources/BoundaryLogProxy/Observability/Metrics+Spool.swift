import Pipeline

extension Metrics {
    /// Missing with `--durability memory`.
    static func spool(_ destinations: Destinations, _ out: inout PrometheusText) {
        destinations.each(
            prefix + "spool_up", .gauge, "0 while the spool does not work: disk full, read-only, no rights. What waits stays in memory then.", &out
        ) { $0.spool.map { $0.view.failingSince == nil ? 1 : 0 } }
        destinations.each(
            prefix + "spool_bytes", .gauge, "Bytes of rows in the spool, those of deliveries under way included.", &out) { $0.spool?.view.content.bytes }
        destinations.each(
            prefix + "spool_limit_bytes", .gauge, "Bytes of rows that the spool may hold (--spool-bytes-max).", &out) { $0.spool?.view.settings.bytesMax }
        destinations.each(
            prefix + "spool_oldest_seconds", .gauge, "How long the oldest of what waits in the spool has waited; 0 when nothing does.", &out
        ) { $0.spool.map { $0.oldestSeconds ?? 0 } }
        destinations.each(
            prefix + "spool_loaded_bytes", .gauge, "Bytes of memory that deliveries from the spool take, besides the buffer.", &out
        ) { $0.spool?.view.loadedBytes }
        destinations.family(
            prefix + "spool_jobs_total", .counter, "Transactions of the spool by result; failed ones are tried again.", &out
        ) { destination in
            destination.spool.map { spool in
                [([("result", "ok")], spool.statistics.jobs - spool.statistics.jobsFailed), ([("result", "failed")], spool.statistics.jobsFailed)]
            } ?? []
        }
        destinations.each(
            prefix + "spool_job_seconds_total", .counter, "Time that those took, waits for a free thread included.", &out) { $0.spool?.statistics.jobSeconds }
        destinations.each(prefix + "spool_written_bytes_total", .counter, "Bytes of logs written to the spool.", &out) { $0.spool?.statistics.bytesWritten }
        destinations.each(
            prefix + "spool_rows_written_total", .counter, "Rows written to the spool, runs of one session's batches.", &out
        ) { $0.spool?.statistics.runsWritten }
        destinations.each(prefix + "spool_deliveries_total", .counter, "Deliveries taken out of the spool.", &out) { $0.spool?.statistics.deliveriesLoaded }
        destinations.each(
            prefix + "spool_damaged_files_total", .counter, "Times that the spool's file was found damaged and moved aside.", &out
        ) { $0.spool?.statistics.damagedFiles }
    }
}
