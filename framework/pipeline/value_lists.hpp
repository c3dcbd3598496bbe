// Lists of values on the command line: the seeds of a sweep, and the values that it gives a setting.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace dha {

// A setting and the values that it takes in turn, each as text that Override::value may have.
struct SweptSetting {
  std::string path;  // "stages.0.epochs"
  std::vector<std::string> values;
  bool operator==(const SweptSetting&) const = default;
};

// "PATH=V1,V2": values are separated by commas outside of JSON lists, objects and strings, so that
// PATH=[0.1,0.2],[0.3,0.4] has two values. A value is JSON, or a word of letters, digits and _ . / : + - ~ @ (a single
// value may be any text without a comma). Throws Error{kUsage} that names the option and says what to write for what
// could be meant in two ways: other text with commas, brackets or quotation marks that do not match, empty and repeated
// values.
SweptSetting parse_swept_setting(const std::string& text);

// "1..5" or "1,3,7" or both, "1..3,7": seeds from 0 to 2^63 - 1, at most 10,000, in this order. Throws Error{kUsage}
// for anything else, and for a seed that comes twice.
std::vector<uint64_t> parse_seeds(const std::string& text);

}  // namespace dha
