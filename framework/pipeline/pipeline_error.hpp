// The problems of a pipeline file, each with its location.
#pragma once

#include <string>
#include <vector>

#include "dha/error.hpp"
#include "pipeline/node.hpp"

namespace dha {

struct PipelineProblem {
  std::string source;            // file, or "--set …"
  int64_t line = 0, column = 0;  // from 1, columns in characters; 0: the source as a whole
  std::string pointer;           // JSON pointer into the merged pipeline: "/stages/0/epochs"
  std::string message;           // "must be at least 1, found 0"
  ErrorCode code = ErrorCode::kInvalidConfig;

  // "dha.json:7:31: /stages/0/epochs must be at least 1, found 0"
  std::string sentence() const;
};

// Thrown by load_pipeline(). Its text has one sentence per line; its code is that of the problems if they share one
// (kNotFound: only unknown components; kIncompatible: only components of a plugin refused for that), else
// kInvalidConfig.
class PipelineError : public Error {
 public:
  explicit PipelineError(std::vector<PipelineProblem> problems);
  const std::vector<PipelineProblem>& problems() const noexcept { return problems_; }

 private:
  std::vector<PipelineProblem> problems_;
};

// Collects problems, each location and message once.
class ProblemList {
 public:
  void report(const SourceLocation& location, const std::string& pointer, const std::string& message,
              ErrorCode code = ErrorCode::kInvalidConfig);
  void add(const PipelineProblem& problem) { problems_.push_back(problem); }
  bool empty() const { return problems_.empty(); }
  // Throws PipelineError unless empty.
  void throw_if_any() const;

 private:
  std::vector<PipelineProblem> problems_;
};

}  // namespace dha
