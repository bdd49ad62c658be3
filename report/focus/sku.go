package focus

import (
	"encoding/json"
	"strings"
)

func skuRules() []rowRule {
	const details = "SkuPriceDetails"
	each := func(holds func(all map[string]any, key string) bool) func(r row) bool {
		return func(r row) bool {
			var all map[string]any
			if json.Unmarshal([]byte(r.get(details)), &all) != nil {
				return true // the column's own rule tells
			}
			for key := range all {
				if !holds(all, key) {
					return false
				}
			}
			return true
		}
	}
	return []rowRule{
		taxed("SkuId"), priced("SkuId"), taxed("SkuPriceId"), priced("SkuPriceId"),
		follows("SkuMeter", "SkuId"),
		should("SkuMeter/with", "there is one where there is a SkuId", "SkuMeter SkuId", func(r row) bool {
			return implies(!r.null("SkuId"), !r.null("SkuMeter"))
		}),
		follows(details, "SkuPriceId"),
		must(details+"/keys", "a key is one of the specification's, or begins with x_", details, each(func(_ map[string]any, key string) bool {
			_, known := priceProperties()[key]
			return known || strings.HasPrefix(key, "x_")
		})),
		must(details+"/types", "the value of a key of the specification's is of its type", details, each(func(all map[string]any, key string) bool {
			value := all[key]
			_, text := value.(string)
			_, number := value.(float64)
			switch priceProperties()[key] {
			case "number":
				return number || value == nil
			case "text":
				return text || value == nil
			default:
				return true
			}
		})),
		must(details+"/equivalent", "a property of one's own that is named as one of the specification's is there beside it", details, each(func(all map[string]any, key string) bool {
			name, own := strings.CutPrefix(key, "x_")
			if _, known := priceProperties()[name]; !own || !known {
				return true
			}
			_, beside := all[name]
			return beside
		})),
		should(details+"/pascal", "keys are in Pascal case", details, each(func(_ map[string]any, key string) bool {
			_, known := priceProperties()[key]
			return known || pascal(key)
		})),
	}
}

// priceProperties are those that the specification defines, and of which type each
// is.
func priceProperties() map[string]string {
	const number, text = "number", "text"
	return map[string]string{
		"CoreCount": number, "DiskMaxIops": number, "DiskSpace": number, "DiskType": text, "GpuCount": number, "InstanceType": text, "InstanceSeries": text,
		"MemorySize": number, "NetworkMaxIops": number, "NetworkMaxThroughput": number, "OperatingSystem": text, "Redundancy": text, "StorageClass": text,
	}
}
