package format

// Tells reports whether records of a format can say what became of a screen pop,
// and how a call sounded; m is the mapping of CSV files.
func (f Format) Tells(m *Mapping) (pop, sound bool) {
	switch {
	case m != nil:
		return m.Columns["pop"] != "", m.Columns["mos"] != ""
	case f.Name == connectRecords().Name, f.Name == ucmCDR().Name, f.Name == ucmCMR().Name:
		return false, true // a Unified CM tells in its CMR files
	default:
		return false, false
	}
}
