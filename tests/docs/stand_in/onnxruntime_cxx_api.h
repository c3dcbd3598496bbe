// Stands in for the header of onnxruntime, which Debian 12 does not package: declares what the program for C++ in
// docs/howto/use_the_model.md uses, with the signatures of onnxruntime 1.x. Nothing is defined, so programs compile and
// do not link.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

struct OrtMemoryInfo;
enum OrtAllocatorType { OrtArenaAllocator = 1 };
enum OrtMemType { OrtMemTypeDefault = 0 };

namespace Ort {

struct Env {
  Env();
};

struct SessionOptions {
  SessionOptions();
};

struct RunOptions {
  RunOptions();
};

struct MemoryInfo {
  static MemoryInfo CreateCpu(OrtAllocatorType type, OrtMemType memory_type);
  operator OrtMemoryInfo*() const;
};

struct Value {
  template <typename T>
  static Value CreateTensor(const OrtMemoryInfo* info, T* data, size_t elements, const int64_t* shape, size_t rank);
  template <typename T>
  const T* GetTensorData() const;
};

struct Session {
  Session(const Env& environment, const char* path, const SessionOptions& options);
  std::vector<Value> Run(const RunOptions& options, const char* const* input_names, const Value* inputs,
                         size_t input_count, const char* const* output_names, size_t output_count);
};

}  // namespace Ort
