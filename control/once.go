package control

import "context"

type onceKey struct{}

// Once names an order, so that Temporal takes it once however often it is given
// under the same name.
func Once(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, onceKey{}, id)
}

// updateID is the name of the order in a context; empty for none.
func updateID(ctx context.Context) string {
	id, _ := ctx.Value(onceKey{}).(string)
	return id
}
