package salesforce

import (
	"context"
	"slices"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems"
)

// aheadAtOnce is how many users one request reads ahead. Their ids stand in the
// addresses of its queries, which may not be much longer.
const aheadAtOnce = 200

// softphoneOf is the question for one user's softphone.
type softphoneOf struct {
	client *client
	user   dualtone.UserID
}

// survey reads softphones ahead, with one request for 200 users.
func (o *org) survey(context.Context, int) (systems.Ahead, error) {
	return func(ctx context.Context, users []dualtone.UserID) error {
		for some := range slices.Chunk(users, aheadAtOnce) {
			var ids []string
			for _, user := range some {
				if isID(string(user), "005") {
					ids = append(ids, string(user))
				}
			}
			if len(ids) == 0 {
				continue
			}
			pages, err := o.queries(ctx, o.holdingQueries(ids)...)
			if err != nil {
				return err
			}
			found, err := o.holdings(ctx, pages)
			if err != nil {
				return err
			}
			for _, user := range some {
				if held, ok := found[bare(string(user))]; ok {
					systems.Know(ctx, softphoneOf{o.client, user}, held.phone)
				}
			}
		}
		return nil
	}, nil
}
