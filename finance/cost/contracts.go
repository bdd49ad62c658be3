package cost

import (
	"slices"

	"github.com/dualtone/dualtone/finance/contract"
)

// Contracts are all versions of the contracts that the engine answers from, by
// id and day.
func (e *Engine) Contracts() []contract.Contract { return slices.Clone(e.in.Book.Contracts) }
