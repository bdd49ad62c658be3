package document

// ChartKind is how a chart is drawn.
type ChartKind int

// The kinds of charts.
const (
	Curve ChartKind = iota // lines over numbers
	Stack                  // bars over names, the series on top of each other
)

// Chart is a picture of figures that a table of the report holds exactly; its
// own numbers are for drawing alone.
type Chart struct {
	Name  string // in small letters, such as curve
	Title string
	Kind  ChartKind
	// X and Y name the axes, with their unit.
	X, Y   string
	Labels []string // of a stack's bars
	Series []Series
	Marks  []Mark
}

// Series is one line, or one layer of the bars.
type Series struct {
	Name string
	// Steps draws a line that stays until it jumps.
	Steps  bool
	Points []Point
}

// Point is a place of a series. In a stack X is the bar, counted from 0.
type Point struct{ X, Y float64 }

// Mark is a place on a curve that needs a word, such as a notice day.
type Mark struct {
	X     float64
	Label string
}
