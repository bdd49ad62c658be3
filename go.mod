module github.com/dualtone/dualtone

go 1.26.0

require (
)
