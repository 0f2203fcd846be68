#pragma once
// The data types that cuBLAS and cuBLASLt name, as far as cuda/ uses them. Values are CUDA 13's.

enum cudaDataType_t {
  CUDA_R_32F = 0,
  CUDA_R_64F = 1,
  CUDA_R_16F = 2,
  CUDA_R_16BF = 14,
};
typedef cudaDataType_t cudaDataType;
