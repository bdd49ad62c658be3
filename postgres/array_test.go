package postgres

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5/pgtype"
)

// FuzzUnpacked holds unpacked to the library's own reading of an array.
func FuzzUnpacked(f *testing.F) {
	types := pgtype.NewMap()
	for _, all := range [][]string{nil, {""}, {"+4930123400", "", "größer"}, {"a", "b", "c"}} {
		packed, err := types.Encode(pgtype.TextArrayOID, pgtype.BinaryFormatCode, all, nil)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(packed)
	}
	f.Add([]byte("\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x19\xff\xff\xff\xff\x00\x00\x00\x01"))
	f.Fuzz(func(t *testing.T, packed []byte) {
		got, err := unpacked(packed)
		if err != nil {
			return
		}
		again, err := types.Encode(pgtype.TextArrayOID, pgtype.BinaryFormatCode, got, nil)
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		if err := types.Scan(pgtype.TextArrayOID, pgtype.BinaryFormatCode, again, &want); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	})
}
