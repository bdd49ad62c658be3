package plan

import (
	"fmt"
	"reflect"

	"github.com/dualtone/dualtone/internal/placed"
)

// ReadNode reads one value for a list of one.
func (v *Values) ReadNode(d *placed.Decoder, path string, n *placed.Node) {
	items := n.Items
	if n.Shape.Scalar() {
		items = []*placed.Node{n}
	} else if n.Shape != placed.List {
		d.Fault(n, path, fmt.Sprintf("want a value or a list of them, got %s", n.Shape), "write it in brackets, as in [a, b]")
		return
	}
	for i, item := range items {
		if !item.Shape.Scalar() {
			d.Fault(item, fmt.Sprintf("%s[%d]", path, i), fmt.Sprintf("want a single value, got %s", item.Shape), "")
			continue
		}
		*v = append(*v, item.Text)
	}
}

// ReadNode reads a name, or a name with its time.
func (r *Requirement) ReadNode(d *placed.Decoder, path string, n *placed.Node) {
	name := n
	if n.Shape == placed.Mapping {
		if len(n.Entries) != 1 {
			d.Fault(n, path, "more than one name with a time", "write each as an item of its own")
			return
		}
		name = &placed.Node{Shape: placed.Word, Text: n.Entries[0].Key, At: n.Entries[0].At}
		d.Value(path+"."+name.Text, n.Entries[0].Value, reflect.ValueOf(&r.For).Elem())
	}
	d.Value(path, name, reflect.ValueOf(&r.Name).Elem())
}
