package delivery

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/dualtone/dualtone"
)

// Ways are those on which reports can go out, as the settings say.
type Ways struct {
	// Mails: some server takes mail.
	Mails bool
	// Root is the folder of the workers below which reports may be written; empty for
	// none.
	Root string
}

// Check refuses a delivery for which there is no way. Whoever may have reports go
// out writes below the root alone, whatever else the workers can write to.
func (w Ways) Check(d *Delivery) error {
	switch {
	case len(d.To) > 0 && !w.Mails:
		return fmt.Errorf("delivery %s: the settings name no mail server; set notify.mail.server, or deliver to a folder: %w", d.Name, dualtone.ErrInvalid)
	case d.Folder != "" && w.Root == "":
		return fmt.Errorf("delivery %s: the settings name no folder for reports; set reports.folder, or deliver by mail: %w", d.Name, dualtone.ErrInvalid)
	case d.Folder != "" && !below(w.Root, d.Folder):
		return fmt.Errorf("delivery %s: folder %q is not in %s, which reports.folder of the settings names: %w", d.Name, d.Folder, w.Root, dualtone.ErrInvalid)
	default:
		return nil
	}
}

// below reports whether a folder is a root or in it.
func below(root, folder string) bool {
	path, err := filepath.Rel(root, folder)
	return err == nil && path != ".." && !strings.HasPrefix(path, "../")
}
