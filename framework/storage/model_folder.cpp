#include "storage/model_folder.hpp"

#include <fmt/format.h>

#include "dha/error.hpp"

namespace dha {

namespace fs = std::filesystem;

fs::path model_folder(const fs::path& run_or_model) {
  std::error_code error;
  if (fs::is_regular_file(run_or_model / kModelFile, error)) return run_or_model;
  if (fs::is_regular_file(run_or_model / "model" / kModelFile, error)) return run_or_model / "model";
  throw Error(ErrorCode::kData, fmt::format("'{}' has no model: expected model/{} of a run that has finished; continue "
                                            "the run with resume, or name another",
                                            run_or_model.lexically_normal().string(), kModelFile));
}

}  // namespace dha
