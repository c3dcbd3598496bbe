#include "pipeline/extends.hpp"
#include "pipeline/overrides.hpp"
#include "pipeline/pipeline.hpp"

namespace dha {

std::string requested_device(const std::filesystem::path& file, const std::vector<Override>& overrides) {
  ProblemList problems;
  Node pipeline = read_with_bases(file, problems);
  if (!problems.empty()) return "cpu";
  for (const Override& change : overrides) apply_override(pipeline, change, problems);
  if (pipeline.find("device") == nullptr) return "auto";
  const std::string device = pipeline.text_of("device");
  return device == "auto" || device.starts_with("cuda") ? device : "cpu";
}

}  // namespace dha
