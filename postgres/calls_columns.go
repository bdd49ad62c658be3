package postgres

import "strings"

// legColumns are the columns of a leg that come from its record, in the order in
// which they are copied and read. Their bytes make the hash that tells versions
// apart: a new column goes to the end.
func legColumns() []string {
	return []string{
		"started_at", "answered_at", "ended_at",
		"caller_number", "called_number", "dialed_number", "diverted_number",
		"system_id", "agent_id", "queue_id", "site_id", "trunk_in_id", "trunk_out_id", "zone_id", "cause_id",
		"wait_ms", "ring_ms", "talk_ms", "hold_ms", "wrap_ms", "jitter_us", "lost", "packets",
		"mos", "transfers", "direction", "disposition", "pop",
		"record_id", "call_key", "channels",
		"caller", "caller_name", "called", "called_name", "dialed", "dialed_name", "diverted", "diverted_name",
		"divert_reason", "extension", "transfer_to", "recording", "activity", "keys",
	}
}

// keptColumns are those of a version as the log keeps it.
func keptColumns() []string {
	return append(legColumns(), "row_hash", "source_line", "batch_id", "version", "base")
}

// list writes columns for a statement, those of a table by its alias.
func list(alias string, columns []string) string {
	if alias == "" {
		return strings.Join(columns, ", ")
	}
	return alias + "." + strings.Join(columns, ", "+alias+".")
}

// assign sets columns to those of another table.
func assign(from string, columns []string) string {
	var b strings.Builder
	for i, c := range columns {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(c + " = " + from + "." + c)
	}
	return b.String()
}
