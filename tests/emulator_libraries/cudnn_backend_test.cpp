// What the descriptors of cuDNN's graphs hold and refuse. Built twice, like cudnn_descriptors_test.cpp: against the
// stand-ins and against the real library. Of a status only the category has to agree: its thousands.
#include <cudnn.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <vector>

namespace {

enum Category { success = 0, not_initialised = 1, bad_param = 2 };
Category category(cudnnStatus_t status) {
  return Category(int(status) / 1000);
}

struct Descriptor {
  explicit Descriptor(cudnnBackendDescriptorType_t type) {
    EXPECT_EQ(cudnnBackendCreateDescriptor(type, &get), CUDNN_STATUS_SUCCESS);
  }
  ~Descriptor() { EXPECT_EQ(cudnnBackendDestroyDescriptor(get), CUDNN_STATUS_SUCCESS); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  Category set(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, std::int64_t count,
               const void* elements) const {
    return category(cudnnBackendSetAttribute(get, name, type, count, elements));
  }
  Category set(cudnnBackendAttributeName_t name, const std::vector<std::int64_t>& values) const {
    return set(name, CUDNN_TYPE_INT64, std::int64_t(values.size()), values.data());
  }
  Category set(cudnnBackendAttributeName_t name, const Descriptor& child) const {
    return set(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, static_cast<const void*>(&child.get));
  }
  Category finalise() const { return category(cudnnBackendFinalize(get)); }

  cudnnBackendDescriptor_t get = nullptr;
};

struct Tensor : Descriptor {
  Tensor() : Descriptor(CUDNN_BACKEND_TENSOR_DESCRIPTOR) {}
  Tensor(std::int64_t name, const std::vector<std::int64_t>& extents, const std::vector<std::int64_t>& strides)
      : Tensor() {
    describe(name, extents, strides);
  }
  void describe(std::int64_t name, const std::vector<std::int64_t>& extents,
                const std::vector<std::int64_t>& strides) const {
    const cudnnDataType_t type = CUDNN_DATA_FLOAT;
    EXPECT_EQ(set(CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &type), success);
    EXPECT_EQ(set(CUDNN_ATTR_TENSOR_UNIQUE_ID, {name}), success);
    EXPECT_EQ(set(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, {16}), success);
    EXPECT_EQ(set(CUDNN_ATTR_TENSOR_DIMENSIONS, extents), success);
    EXPECT_EQ(set(CUDNN_ATTR_TENSOR_STRIDES, strides), success);
  }
};

void describe(const Descriptor& convolution) {
  const cudnnDataType_t type = CUDNN_DATA_FLOAT;
  const cudnnConvolutionMode_t mode = CUDNN_CROSS_CORRELATION;
  EXPECT_EQ(convolution.set(CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &type), success);
  EXPECT_EQ(convolution.set(CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, 1, &mode), success);
  EXPECT_EQ(convolution.set(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, {2}), success);
  for (const auto name : {CUDNN_ATTR_CONVOLUTION_DILATIONS, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES,
                          CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, CUDNN_ATTR_CONVOLUTION_POST_PADDINGS})
    EXPECT_EQ(convolution.set(name, {1, 1}), success);
}

}  // namespace

TEST(CudnnBackend, ATensorHoldsWhatItIsGiven) {
  const Tensor tensor;
  tensor.describe(7, {2, 8, 5, 6}, {240, 1, 48, 8});
  std::int64_t count = 0;
  std::array<std::int64_t, 8> values{};
  const auto get = [&](cudnnBackendAttributeName_t name, std::int64_t room) {
    return category(
        cudnnBackendGetAttribute(tensor.get, name, CUDNN_TYPE_INT64, room, &count, room ? values.data() : nullptr));
  };
  EXPECT_EQ(get(CUDNN_ATTR_TENSOR_DIMENSIONS, 8), not_initialised);  // not final
  EXPECT_EQ(tensor.finalise(), success);
  EXPECT_EQ(get(CUDNN_ATTR_TENSOR_DIMENSIONS, 8), success);
  EXPECT_EQ(count, 4);
  EXPECT_EQ(values[1], 8);
  EXPECT_EQ(values[3], 6);
  EXPECT_EQ(get(CUDNN_ATTR_TENSOR_UNIQUE_ID, 1), success);
  EXPECT_EQ(values[0], 7);
  EXPECT_EQ(tensor.set(CUDNN_ATTR_TENSOR_UNIQUE_ID, {8}), bad_param);  // final
}

TEST(CudnnBackend, RefusesNonsense) {
  const Tensor tensor;
  EXPECT_EQ(tensor.finalise(), bad_param);  // nothing is set
  const std::int64_t one = 1;
  EXPECT_EQ(tensor.set(CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_FLOAT, 1, &one), bad_param);
  EXPECT_EQ(tensor.set(CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, 1, nullptr), bad_param);
  EXPECT_EQ(tensor.set(CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, 2, std::array<std::int64_t, 2>{}.data()),
            bad_param);
  EXPECT_EQ(tensor.set(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, {1}), bad_param);  // another descriptor's
  EXPECT_EQ(category(cudnnBackendFinalize(nullptr)), bad_param);
}

TEST(CudnnBackend, AnOperationNeedsItsTensors) {
  const Descriptor convolution(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
  describe(convolution);
  const Descriptor operation(CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR);
  EXPECT_EQ(convolution.finalise(), success);
  EXPECT_EQ(operation.set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC, convolution), success);
  const Tensor x(1, {2, 8, 5, 6}, {240, 1, 48, 8}), w(2, {16, 8, 3, 3}, {72, 1, 24, 8});
  EXPECT_EQ(x.finalise(), success);
  EXPECT_EQ(w.finalise(), success);
  EXPECT_EQ(operation.set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, x), success);
  EXPECT_EQ(operation.set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, w), success);
  const float one = 1, zero = 0;
  EXPECT_EQ(operation.set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, CUDNN_TYPE_FLOAT, 1, &one), success);
  EXPECT_EQ(operation.set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA, CUDNN_TYPE_FLOAT, 1, &zero), success);
  EXPECT_EQ(operation.finalise(), bad_param);  // without y
  const Tensor y(3, {2, 16, 5, 6}, {480, 1, 96, 16});
  EXPECT_EQ(y.finalise(), success);
  EXPECT_EQ(operation.set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y, y), success);
  EXPECT_EQ(operation.finalise(), success);
}

TEST(CudnnBackend, AVariantPackNamesEveryPointer) {
  const Descriptor pack(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
  const std::array<void*, 2> pointers{};
  EXPECT_EQ(pack.set(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, {1, 2, 3}), success);
  EXPECT_EQ(pack.set(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, 2,
                     static_cast<const void*>(pointers.data())),
            success);
  EXPECT_EQ(pack.finalise(), bad_param);
  EXPECT_EQ(pack.set(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, {1, 2}), success);
  EXPECT_EQ(pack.finalise(), success);
}
