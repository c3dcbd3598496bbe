#include "export/exported_files.hpp"

#include <functional>

#include "dha/error.hpp"
#include "export/onnx_file.hpp"
#include "export/python_module.hpp"
#include "export/readme.hpp"
#include "process/long_work.hpp"
#include "storage/atomic_file.hpp"

namespace dha {

namespace {

using Write = std::function<std::string(const ExportedModel& model)>;

// Returns whether the file was written; else says why not.
bool write_file(const std::filesystem::path& file, const ExportedModel& model, const Write& write,
                std::vector<std::string>& problems) {
  const LongWork work("writing " + file.filename().string());
  std::string content;
  try {
    content = write(model);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kInvalidConfig) throw;
    problems.emplace_back(error.what());
    std::filesystem::remove(file);
    return false;
  }
  write_file_atomically(file, content);
  return true;
}

}  // namespace

std::vector<std::string> write_exported_files(const std::filesystem::path& folder, const ExportedModel& model) {
  std::vector<std::string> problems;
  const bool has_onnx = write_file(folder / kOnnxFile, model, onnx_file, problems);
  const bool has_python = write_file(folder / kPythonFile, model, python_module, problems);
  write_file_atomically(folder / kReadmeFile, model_readme(model, has_onnx, has_python));
  return problems;
}

}  // namespace dha
