#include "pipeline/pipeline_error.hpp"

#include <algorithm>

namespace dha {

namespace {

ErrorCode code_of(const std::vector<PipelineProblem>& problems) {
  const ErrorCode first = problems.front().code;
  const bool is_shared = std::all_of(problems.begin(), problems.end(),
                                     [&](const PipelineProblem& problem) { return problem.code == first; });
  return is_shared ? first : ErrorCode::kInvalidConfig;
}

std::string sentences(const std::vector<PipelineProblem>& problems) {
  std::string text;
  for (const PipelineProblem& problem : problems) text += (text.empty() ? "" : "\n") + problem.sentence();
  return text;
}

}  // namespace

std::string PipelineProblem::sentence() const {
  std::string text = source;
  if (line > 0) text += ":" + std::to_string(line) + ":" + std::to_string(column);
  return text + ": " + (pointer.empty() ? "the pipeline" : pointer) + " " + message;
}

PipelineError::PipelineError(std::vector<PipelineProblem> problems)
    : Error(code_of(problems), sentences(problems)), problems_(std::move(problems)) {}

void ProblemList::report(const SourceLocation& location, const std::string& pointer, const std::string& message,
                         ErrorCode code) {
  const PipelineProblem problem{location.source->name, location.line, location.column, pointer, message, code};
  const bool known = std::any_of(problems_.begin(), problems_.end(), [&](const PipelineProblem& other) {
    return other.source == problem.source && other.line == problem.line && other.column == problem.column &&
           other.message == problem.message;
  });
  if (!known) problems_.push_back(problem);
}

void ProblemList::throw_if_any() const {
  if (!problems_.empty()) throw PipelineError(problems_);
}

}  // namespace dha
