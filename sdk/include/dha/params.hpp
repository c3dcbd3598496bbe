// Parameters of a component: declared once as a Schema, read through Params.
//
//   static dha::Schema schema() {
//     return dha::Schema("Flips images left to right.")
//         .real("probability", "share of the samples that are flipped").range(0, 1).def(0.5);
//   }
//   Flip(const dha::Params& params, dha::Context& context) : probability_(params.real("probability")) {}
//
// The schema is the source of validation, defaults, `dha describe`, the reference pages and the JSON Schema of the
// pipeline file. The host validates the user's parameters and fills in defaults before it creates a component, so every
// declared key has a value.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dha/export.hpp"

namespace dha {

class DHA_API Schema {
 public:
  // `summary`: one line that says what the component does.
  explicit Schema(std::string_view summary);
  Schema(const Schema&);
  Schema(Schema&&) noexcept;
  Schema& operator=(Schema&&) noexcept;
  ~Schema();

  // Each of these functions declares a parameter; the attributes below apply to the last one. `help`: one line, lower
  // case, no full stop. A parameter is required unless it has def() or optional().
  Schema& boolean(std::string_view name, std::string_view help);
  Schema& integer(std::string_view name, std::string_view help);
  Schema& real(std::string_view name, std::string_view help);
  Schema& string(std::string_view name, std::string_view help);
  Schema& path(std::string_view name, std::string_view help);  // relative to the pipeline file that names it
  Schema& choice(std::string_view name, std::string_view help, std::vector<std::string> values);
  // Lists have between `minimum` and `maximum` items; -1: no limit. range() applies to each item.
  Schema& integers(std::string_view name, std::string_view help, int64_t minimum = 0, int64_t maximum = -1);
  Schema& reals(std::string_view name, std::string_view help, int64_t minimum = 0, int64_t maximum = -1);
  Schema& strings(std::string_view name, std::string_view help, int64_t minimum = 0, int64_t maximum = -1);
  Schema& object(std::string_view name, std::string_view help, const Schema& fields);
  Schema& json(std::string_view name, std::string_view help);  // an object that only the component interprets

  // Closed range [minimum, maximum].
  Schema& range(double minimum, double maximum);
  Schema& minimum(double minimum);
  Schema& one_of(std::vector<int64_t> values);  // the only values of an integer, or of each item of integers()
  Schema& unit(std::string_view unit);
  Schema& log_scale();  // drawn on a logarithmic scale
  Schema& tunable();    // a trial searcher may set it, within range() or among its values
  // A trial searcher may set it, and searches [minimum, maximum] unless the pipeline file gives another range.
  Schema& tunable(double minimum, double maximum);
  Schema& optional();  // may be absent, see Params::has()

  Schema& def(bool value);
  Schema& def(int value);
  Schema& def(int64_t value);
  Schema& def(double value);
  Schema& def(const char* value);
  Schema& def(const std::vector<double>& values);
  Schema& def(const std::vector<int64_t>& values);
  Schema& def(const std::vector<std::string>& values);

  // Exactly one of these optional parameters must be given; examples give the first. A parameter may be in one such
  // rule at most.
  Schema& exactly_one_of(std::vector<std::string> names);

  const std::string& summary() const;

  // {"fields": [{"name": …, "type": …, "help": …, "default": …, "minimum": …, …}, …], "exactly_one_of": [[…], …]}; the
  // last key only if there are such rules. A field of type "object" has both keys for its own fields.
  std::string json_text() const;

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

// Reads a completed parameter object. Reading an undeclared key, or a key of another type, throws
// Error{kContractViolation}, so declaration and use stay consistent.
class DHA_API Params {
 public:
  explicit Params(std::string_view json_text);
  Params(Params&&) noexcept;
  ~Params();

  bool has(std::string_view name) const;
  bool boolean(std::string_view name) const;
  int64_t integer(std::string_view name) const;
  double real(std::string_view name) const;
  std::string string(std::string_view name) const;  // string, path and choice
  std::vector<int64_t> integers(std::string_view name) const;
  std::vector<double> reals(std::string_view name) const;
  std::vector<std::string> strings(std::string_view name) const;
  Params object(std::string_view name) const;
  std::string json(std::string_view name) const;  // any value, as JSON text

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

// One problem of a parameter object.
struct ParamProblem {
  std::string pointer;  // JSON pointer below the object: "/axis"; "" for the object itself
  std::string message;  // "must be in [0, 3], found 7"
};

struct ParamCheck {
  std::string completed;  // the object with defaults filled in, JSON text; valid only if problems is empty
  std::vector<ParamProblem> problems;
};

// Checks `params_json` against a schema's json_text(): unknown keys (with the nearest known one), missing keys, keys of
// which exactly one must be there, types, ranges, values that are not finite. Throws Error{kInvalidDescriptor} if the
// schema is malformed or a default is invalid.
DHA_API ParamCheck check_params(std::string_view schema_json, std::string_view params_json);

}  // namespace dha
