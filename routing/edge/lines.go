package edge

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
)

// Lines is a sink that writes decisions as JSON, one a line, for those who read
// them elsewhere.
type Lines struct{ Out io.Writer }

// Store writes the records.
func (l Lines) Store(_ context.Context, records []*routing.Record) error {
	enc := json.NewEncoder(l.Out)
	for _, r := range records {
		if err := enc.Encode(r); err != nil {
			return fmt.Errorf("journal: %w: %w", err, dualtone.ErrUnavailable)
		}
	}
	return nil
}
