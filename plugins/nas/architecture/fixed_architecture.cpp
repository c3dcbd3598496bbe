#include "fixed_architecture.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

namespace dha {

Schema FixedArchitecture::schema() {
  return Schema("Trains one given architecture, without a search.")
      .json("genotype", "the architecture, in the space's notation")
      .optional()
      .path("genotype_file", "a JSON file with the architecture, such as a run's architecture.json")
      .optional()
      .exactly_one_of({"genotype_file", "genotype"});
}

FixedArchitecture::FixedArchitecture(const Params& params, Context&)
    : genotype_(params.has("genotype") ? params.json("genotype") : ""),
      genotype_file_(params.has("genotype_file") ? params.string("genotype_file") : "") {}

void FixedArchitecture::attach(const Space& space, const Stage&) {
  std::string text = genotype_.empty() ? read() : genotype_;
  try {
    space.validate(text);
  } catch (const Error& e) {
    const std::string where = genotype_.empty() ? "the architecture in " + genotype_file_ : "the given 'genotype'";
    throw Error(e.code(), where + " does not fit the space: " + e.what());
  }
  architecture_ = std::move(text);
}

std::string FixedArchitecture::read() const {
  std::ifstream file;
  // A folder opens like a file and fails, by an exception of libstdc++, when it is read.
  if (!std::filesystem::is_directory(genotype_file_)) file.open(genotype_file_, std::ios::binary);
  if (!file.is_open())
    throw Error(ErrorCode::kNotFound, "cannot read the architecture file " + genotype_file_ + "; expected a JSON file");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad())
    throw Error(ErrorCode::kNotFound,
                "cannot read the architecture file " + genotype_file_ + "; 'genotype_file' must name a JSON file");
  try {
    if (!nlohmann::json::parse(text).is_object())
      throw Error(ErrorCode::kInvalidParameter,
                  genotype_file_ + " must contain a JSON object, found another JSON value");
  } catch (const nlohmann::json::exception& e) {
    throw Error(ErrorCode::kInvalidParameter, genotype_file_ + " is not JSON: " + e.what());
  }
  return text;
}

Gates FixedArchitecture::gates(const GateRequest&) {
  throw Error(ErrorCode::kContractViolation, "dha.architecture was asked for gates, but it is finished and has none");
}

}  // namespace dha
