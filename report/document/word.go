package document

// Term is a code that programs read, and the words that people read in its place.
type Term struct {
	Code, Words, Meaning string
}

// Vocabulary has the words for the codes of a column or of a parameter. What it
// has no words for stands as it is.
type Vocabulary []Term

// Words are those for a code.
func (v Vocabulary) Words(code string) string {
	for i := range v {
		if v[i].Code == code {
			return v[i].Words
		}
	}
	return code
}

// Define adds what the words mean that stand for codes, each once: of parameters
// those that are there, of columns all that there may be.
func (d *Document) Define() {
	known := map[Term]bool{}
	define := func(t Term) {
		if !known[t] {
			known[t] = true
			d.Definitions = append(d.Definitions, Definition{Name: t.Words, Meaning: t.Meaning, Code: t.Code})
		}
	}
	for _, p := range d.Parameters {
		for _, t := range p.Words {
			if t.Code == p.Value {
				define(t)
			}
		}
	}
	for i := range d.Tables {
		for j := range d.Tables[i].Columns {
			for _, t := range d.Tables[i].Columns[j].Words {
				define(t)
			}
		}
	}
}
