module github.com/dualtone/dualtone/tools/temporal

go 1.26.0
