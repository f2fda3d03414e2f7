import Pipeline

extension Metrics {
    /// Missing with `--durability memory`.
    static func spool(_ spool: SpoolStatus, _ out: inout PrometheusText) {
        out.single(
            prefix + "spool_up", .gauge, "0 while the spool does not work: disk full, read-only, no rights. What waits stays in memory then.",
            spool.view.failingSince == nil ? 1 : 0)
        out.single(
            prefix + "spool_bytes", .gauge, "Bytes of rows in the spool, those of deliveries under way included.", spool.view.content.bytes)
        out.single(prefix + "spool_limit_bytes", .gauge, "Bytes of rows that the spool may hold (--spool-bytes-max).", spool.view.settings.bytesMax)
        out.single(
            prefix + "spool_oldest_seconds", .gauge, "How long the oldest of what waits in the spool has waited; 0 when nothing does.",
            spool.oldestSeconds ?? 0)
        out.single(
            prefix + "spool_loaded_bytes", .gauge, "Bytes of memory that deliveries from the spool take, besides the buffer.", spool.view.loadedBytes)
        out.family(prefix + "spool_jobs_total", .counter, "Transactions of the spool by result; failed ones are tried again.")
        out.sample(prefix + "spool_jobs_total", [("result", "ok")], spool.statistics.jobs - spool.statistics.jobsFailed)
        out.sample(prefix + "spool_jobs_total", [("result", "failed")], spool.statistics.jobsFailed)
        out.single(prefix + "spool_job_seconds_total", .counter, "Time that those took, waits for a free thread included.", spool.statistics.jobSeconds)
        out.single(prefix + "spool_written_bytes_total", .counter, "Bytes of logs written to the spool.", spool.statistics.bytesWritten)
        out.single(prefix + "spool_rows_written_total", .counter, "Rows written to the spool, runs of one session's batches.", spool.statistics.runsWritten)
        out.single(prefix + "spool_deliveries_total", .counter, "Deliveries taken out of the spool.", spool.statistics.deliveriesLoaded)
        out.single(
            prefix + "spool_damaged_files_total", .counter, "Times that the spool's file was found damaged and moved aside.",
            spool.statistics.damagedFiles)
    }
}
